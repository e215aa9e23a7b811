"""What ./dev is made of: the environment, the databases, the tests, the demo, the linters.

Everything up to the virtual environment (`cli`, `console`, `settings`, `processes`, `environment`) uses the
standard library only: it runs in the person's own Python and then starts again inside the environment.
"""
