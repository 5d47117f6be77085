-- Items with answers of one form are one cluster, across families: splits share
-- clusters out, and tests count each as one. '' where no answer is known; the
-- family stands in for it then.

ALTER TABLE items ADD COLUMN cluster text NOT NULL DEFAULT '';
