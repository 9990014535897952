"""Methods measured on data sets, so that the numbers can be trusted.

sets         a name or a folder → its pictures, paired by key
rows         what can stand in a table: a method with its knobs, a folder of results, a command
run          every row on every picture → records
record       one row on one picture, as a line of JSON, which a later run reuses
table        records → one table for each data set and protocol, with intervals and paired tests
board        tables → terminal, Markdown, CSV
page         tables → one self-contained HTML page
"""
