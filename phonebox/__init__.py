"""The telephone box (电话箱): a demonstration county's telephones, like a mail catcher.

A program of its own: an SMS centre that speaks SMPP 3.4, and a page that shows each telephone with
its messages, where a newcomer answers, follows a link, or lets it ring. It imports nothing of
Anlan and knows nothing but what a telephone network knows. Loopback only; everything is 演示.
"""
