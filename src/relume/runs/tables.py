"""The tables of a manifest, and what is asked of them most."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS runs (
  id INTEGER PRIMARY KEY, began REAL NOT NULL, ended REAL, settings INTEGER NOT NULL,
  command TEXT NOT NULL, folder TEXT NOT NULL, results TEXT);
CREATE TABLE IF NOT EXISTS pictures (
  output TEXT PRIMARY KEY, input TEXT NOT NULL, input_size INTEGER, input_mark TEXT,
  input_hash TEXT, settings INTEGER NOT NULL, run INTEGER NOT NULL, state TEXT NOT NULL,
  before_size INTEGER, before_mark TEXT, output_size INTEGER, output_mark TEXT, output_hash TEXT,
  method TEXT, seconds REAL, error TEXT, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unfinished ON pictures (state) WHERE state <> 'done';
"""
ADDED = "ALTER TABLE runs ADD COLUMN results TEXT"
"""What records that were made before it was there lack."""
COLUMNS = (
    "output, input, input_size, input_mark, input_hash, s.text, state, before_size, before_mark, "
    "output_size, output_mark, output_hash, method, seconds, error, run, at"
)
"""What `as_row` wants to know of a picture, in its order; `s` is its settings."""
BEGIN = (
    "INSERT OR REPLACE INTO pictures (output, input, input_size, input_mark, before_size, "
    "before_mark, settings, run, at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'begun')"
)
END = (
    "UPDATE pictures SET state = ?, input_hash = ?, output_size = ?, output_mark = ?, "
    "output_hash = ?, method = ?, seconds = ?, error = ?, at = ? WHERE output = ?"
)
_COPIED = (
    "output, input, input_size, input_mark, input_hash, state, before_size, before_mark, "
    "output_size, output_mark, output_hash, method, seconds, error, at"
)
TAKE_OVER = (
    f"INSERT OR REPLACE INTO main.pictures ({_COPIED}, settings, run) "
    f"SELECT {_COPIED}, ?, ? FROM other.pictures o WHERE run = ? AND (state <> 'begun' OR ?) AND "
    "NOT EXISTS (SELECT 1 FROM main.pictures p WHERE p.output = o.output AND p.at >= o.at)"
)
"""Copies the rows of a run that are newer; what was begun only if that is asked for."""
