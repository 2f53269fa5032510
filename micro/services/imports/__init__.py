"""Existing work in: tasks and answers that were made elsewhere become items, tasks and answers here.

Each module takes some hundred rows in one transaction. The unique keys (project, source_id) are the truth: a row that
is here already is skipped, so that an import that was stopped half-way is simply run again.
"""
