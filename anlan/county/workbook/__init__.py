"""The county as one workbook: out, edited by whoever knows it, checked, and in again.

Flows in: an .xlsx with any of the sheets of `sheets.SHEETS`, or one of them as CSV. Flows out: a
plan of what would change (`plan`), then one transaction with one journal line (`actions`).
"""
