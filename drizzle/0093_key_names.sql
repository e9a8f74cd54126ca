-- Keys are called as tables.ts and drizzle call them, so that what it writes finds them.
ALTER TABLE "calendar_accounts" RENAME CONSTRAINT "calendar_accounts_person_id_fkey" TO "calendar_accounts_person_id_people_id_fk";--> statement-breakpoint
ALTER TABLE "calendar_feeds" RENAME CONSTRAINT "calendar_feeds_person_id_fkey" TO "calendar_feeds_person_id_people_id_fk";--> statement-breakpoint
ALTER TABLE "calendar_links" RENAME CONSTRAINT "calendar_links_person_id_fkey" TO "calendar_links_person_id_calendar_accounts_person_id_fk";--> statement-breakpoint
ALTER TABLE "client_search" RENAME CONSTRAINT "client_search_client_id_fkey" TO "client_search_client_id_clients_id_fk";--> statement-breakpoint
ALTER TABLE "client_summaries" RENAME CONSTRAINT "client_summaries_client_id_fkey" TO "client_summaries_client_id_clients_id_fk";--> statement-breakpoint
ALTER TABLE "deal_viewers" RENAME CONSTRAINT "deal_viewers_deal_id_fkey" TO "deal_viewers_deal_id_deals_id_fk";--> statement-breakpoint
ALTER TABLE "deal_viewers" RENAME CONSTRAINT "deal_viewers_person_id_fkey" TO "deal_viewers_person_id_people_id_fk";--> statement-breakpoint
ALTER TABLE "default_filters" RENAME CONSTRAINT "default_filters_filter_id_fkey" TO "default_filters_filter_id_saved_filters_id_fk";--> statement-breakpoint
ALTER TABLE "default_filters" RENAME CONSTRAINT "default_filters_person_id_fkey" TO "default_filters_person_id_people_id_fk";--> statement-breakpoint
ALTER TABLE "group_mappings" RENAME CONSTRAINT "group_mappings_role_fkey" TO "group_mappings_role_roles_code_fk";--> statement-breakpoint
ALTER TABLE "group_mappings" RENAME CONSTRAINT "group_mappings_team_id_fkey" TO "group_mappings_team_id_teams_id_fk";--> statement-breakpoint
ALTER TABLE "held_forms" RENAME CONSTRAINT "held_forms_person_id_fkey" TO "held_forms_person_id_people_id_fk";--> statement-breakpoint
ALTER TABLE "identities" RENAME CONSTRAINT "identities_person_id_fkey" TO "identities_person_id_people_id_fk";--> statement-breakpoint
ALTER TABLE "local_passwords" RENAME CONSTRAINT "local_passwords_person_id_fkey" TO "local_passwords_person_id_people_id_fk";--> statement-breakpoint
ALTER TABLE "waiting_accounts" RENAME CONSTRAINT "waiting_accounts_person_id_fkey" TO "waiting_accounts_person_id_people_id_fk";
