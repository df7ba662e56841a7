"""Social security (社会保障) scenarios. What this plugin is and may touch stands in `plugin.toml`, beside this file."""
