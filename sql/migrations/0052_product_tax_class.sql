-- Whether a tax class is in use.
ALTER TABLE product ADD KEY product_tax_class (tax_class, status);
