"""The subscription life as tables: what is known of an account, and what every system should then hold."""
