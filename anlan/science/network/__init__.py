"""People and roads: how far, where to, in which order, how long until all are out.

`roads` travel times and a road cut · `walking` on foot, with helpers · `assign` households to
shelters · `vehicles` who is fetched by what · `quickest` the least time that the roads allow ·
`staging` who leaves when · `clearance` queues · `robust` which plan holds over a forecast ·
`warm` compile beforehand.
"""
