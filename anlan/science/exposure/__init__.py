"""Exposure: who and what the water reaches, how surely, and what it does to them.

`hazard` classes of depth and speed · `affected` the one definition of affected and to move, by
probability over members · `damage` depth against damage, as sourced data.
"""
