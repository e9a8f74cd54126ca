-- mail
SELECT 1;
