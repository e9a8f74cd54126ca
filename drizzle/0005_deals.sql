-- deals
SELECT 1;
