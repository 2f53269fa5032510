"""The demo drawer: museum catalogue cards that the project draws itself, so that no third-party picture is needed."""
