-- A pipeline that deals have passed through stays for their history, as its states do.
ALTER TABLE "pipelines" ADD COLUMN "removed_at" timestamp with time zone;
