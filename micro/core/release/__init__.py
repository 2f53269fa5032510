"""What a release holds, decided purely: its files, columns, rows, figures and papers.

cells.py writes cells that every reader puts back together; fixed.py has the columns of every release, columns.py those
of a form's fields; rows.py turns what the project believes into rows, objects.py into JSON; figures.py counts;
papers.py writes what lies beside the tables. What the public may not see never gets here: core/publication.py takes it
out before. The same facts always give the same bytes: no clock, no chance. docs/researcher.md is the reader's side.
"""
