"""Everyone's inbox: the store and the road into it. The only place that holds SQL."""
