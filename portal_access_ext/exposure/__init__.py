from . import allowance, scan
