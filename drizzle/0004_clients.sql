-- clients
SELECT 1;
