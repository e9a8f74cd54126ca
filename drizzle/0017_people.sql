-- Teams are set up by people, who must not overwrite each other.
ALTER TABLE "teams" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
-- Who changed a person, a team, a role or a mapping last, for telling the one who came second.
CREATE INDEX "events_people" ON "events" USING btree ((coalesce("data"->>'personId', "data"->>'teamId', "data"->>'roleId', "data"->>'mappingId')), "id") WHERE "type" like 'person.%' or "type" like 'team.%' or "type" like 'role.%' or "type" like 'mapping.%';
