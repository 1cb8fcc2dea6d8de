"""Load the plugin that counts what a run left out, however pytest was started."""

pytest_plugins = ["tests.plugin_leftout"]
