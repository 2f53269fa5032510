"""The kinds of volunteer task: one folder each. What can volunteers do? Read the folder names."""
