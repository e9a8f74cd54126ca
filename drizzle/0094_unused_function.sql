-- Its two triggers were given others, which know when a change is rightful (0007, 0032).
DROP FUNCTION IF EXISTS refuse_change();
