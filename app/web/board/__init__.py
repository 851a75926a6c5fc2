"""The virtual board in the browser: telephones to lift, and what they sound like. On no device."""
