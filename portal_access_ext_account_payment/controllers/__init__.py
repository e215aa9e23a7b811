from . import invoice_payment
from . import portal_invoice
from . import portal_invoices_pay
