"""What we owe: letters kept as rows, composed at the moment of sending, handed to an SMTP server or a folder.

`outbox` is the table, `worker` carries letters from it to a `Sender` (`smtp` or `folder`), `message` writes
them. Nothing here knows of `service`: a database, a composer and a sender are handed in.
"""
