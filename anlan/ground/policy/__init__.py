"""Policy is data: dated values with their sources, packs, and the county's own values above them.

`packs` reads the shipped folders; `values` answers what a value is today, and whether it may run:
a verified one runs, an unverified one (待核) only proposes until the county has saved its own.
"""
