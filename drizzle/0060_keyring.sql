-- By which key this database's secrets are sealed: never the key, only what it makes of a word. Another key must not start.
CREATE TABLE "sealing_keys" (
	"single" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"print" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sealing_keys_one" CHECK ("single")
);
