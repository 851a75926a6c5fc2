"""Settings, the folders the box lives in, and what each service is told of the settings."""
