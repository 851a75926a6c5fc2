"""What programs that watch the box are told: measurements to read, events by MQTT."""
