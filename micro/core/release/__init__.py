"""What a release holds, decided purely: its files, columns, rows, figures and papers.

cells.py writes cells that every reader puts back together; columns.py names and describes every column; rows.py turns
what the project believes into rows; figures.py counts; papers.py writes what lies beside the tables. The same facts
always give the same bytes: no clock, no chance. docs/researcher.md is the reader's side of this package.
"""
