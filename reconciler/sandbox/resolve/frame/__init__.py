"""What every kind is made with: how fields, filters, lists and mutations are described and answered."""
