"""Everyone's inbox: people, entries, delivery, queue. With app/store the only place with SQL."""
