"""Data sets on disk: what they are, how their files pair, what is wrong with a copy.

pair       Pair: one scene, low and perhaps high
files      listing folders whatever the case of their names
pairing    files of two folders → pairs and problems, by key and never by position
card       what a data set is: title, source, layout, expected counts
datasets   every module there is a data set; recognise, survey
check      what is missing, misnamed, misaligned, duplicated or corrupt

No picture is read here unless a reading function is passed in.
"""

from __future__ import annotations

from relume.data.card import Dataset, Part
from relume.data.datasets import Survey, survey
from relume.data.pair import Pair
from relume.data.pairing import Problem

__all__ = ["Dataset", "Pair", "Part", "Problem", "Survey", "survey"]
