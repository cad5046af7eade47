-- Currency of an instrument's prices, three letters; NULL where nobody said, read as INR. A run has one.
ALTER TABLE instruments ADD COLUMN currency TEXT CHECK (currency IS NULL OR length(currency) = 3);
