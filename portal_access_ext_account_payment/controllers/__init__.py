from . import invoice_payment
