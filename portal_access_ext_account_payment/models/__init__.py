from . import account_move_open
from . import account_move
from . import payment_link_wizard
from . import payment_transaction
from . import res_company
from . import res_config_settings
from . import res_partner
