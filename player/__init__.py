"""The player (演员): answers for everybody in a 推演, from outside, by the doors that people use.

A program of its own: it imports nothing of Anlan and knows nothing but what a telephone would be
told. It takes an exercise's outbox over HTTP with the exercise's token, and answers by the signed
links in the messages, as a seeded script says: who stays silent, who takes how long, who is where.
"""
