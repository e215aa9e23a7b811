from . import (
    account_move,
    loyalty_card,
    loyalty_program,
    loyalty_program_order,
    payment_transaction,
    portal_loyalty_history,
    res_company,
    res_partner,
    sale_order,
    sale_order_line,
    sale_order_topup,
)
