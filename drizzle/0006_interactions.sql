-- interactions
SELECT 1;
