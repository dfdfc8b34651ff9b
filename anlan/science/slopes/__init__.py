"""Slopes: when rain makes them fail, how far they run, and who lives below.

`infinite_slope` pore pressure in time and the factor of safety · `shalstab` the steady rain that a
hollow bears · `thresholds` intensity and duration · `grades` the five grades of meteorological
risk, by slope unit and by named point · `runout` reach by angle, with the people below.
"""
