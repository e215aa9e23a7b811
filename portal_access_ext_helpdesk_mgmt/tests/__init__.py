from . import test_helpdesk_close
