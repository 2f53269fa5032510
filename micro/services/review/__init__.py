"""The professionals' desk: what a reviewer sees, holds, and is shown first. Decisions: micro/services/reviewing.py."""
