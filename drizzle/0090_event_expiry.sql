-- Up to which moment the values of events are erased because their time is over; none: nothing ever was.
CREATE TABLE "event_expiry" (
	"single" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"before" timestamp with time zone NOT NULL,
	CONSTRAINT "event_expiry_one" CHECK ("single")
);
