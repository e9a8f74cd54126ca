-- calendar
SELECT 1;
