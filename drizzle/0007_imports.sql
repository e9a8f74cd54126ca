-- imports
SELECT 1;
