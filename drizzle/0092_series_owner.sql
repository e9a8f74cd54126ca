CREATE INDEX "interaction_series_owner" ON "interaction_series" USING btree ("owner_id");
