/* The texts of all mail. A code stands on a line of its own. Nothing that a stranger can choose (a
 * name, a note) goes into mail to an address that is not proved. */
#include "shop/mail.h"

const struct mx_mail_text mx_mail_texts[] = {
    {"verify_code", "en", "Your code for {shop}",
     "Hello,\n"
     "\n"
     "to finish signing up with {shop}, enter this code within 30 minutes:\n"
     "\n"
     "Code: {code}\n"
     "\n"
     "Enter it only where you have just signed up yourself. If that was not you, ignore this\n"
     "mail: without the code there will be no account. If more codes come than you asked for,\n"
     "somebody else is using your address: take the first one that came after you asked.\n"},
    {"verify_code", "de", "Ihr Code für {shop}",
     "Guten Tag,\n"
     "\n"
     "um die Anmeldung bei {shop} abzuschließen, geben Sie innerhalb von 30 Minuten diesen Code\n"
     "ein:\n"
     "\n"
     "Code: {code}\n"
     "\n"
     "Geben Sie ihn nur dort ein, wo Sie sich gerade selbst angemeldet haben. Waren Sie das "
     "nicht,\n"
     "beachten Sie diese Mail nicht: ohne den Code entsteht kein Konto. Kommen mehr Codes, als "
     "Sie\n"
     "angefordert haben, benutzt jemand anders Ihre Adresse: nehmen Sie den ersten, der danach "
     "kam.\n"},
    {"address_taken", "en", "Signing up with {shop}",
     "Hello,\n"
     "\n"
     "someone, perhaps you, tried to sign up with {shop} with this address. There is an account\n"
     "with it already: just sign in. If it was not you, there is nothing to do; your account is\n"
     "unchanged.\n"},
    {"address_taken", "de", "Anmeldung bei {shop}",
     "Guten Tag,\n"
     "\n"
     "jemand, vielleicht Sie, wollte sich mit dieser Adresse bei {shop} anmelden. Es gibt schon\n"
     "ein Konto dazu: melden Sie sich einfach damit an. Waren Sie das nicht, ist nichts zu tun; "
     "an\n"
     "Ihrem Konto hat sich nichts geändert.\n"},
    {"order_placed", "en", "Your order {number} with {shop}",
     "Hello,\n"
     "\n"
     "thank you for your order with {shop}.\n"
     "\n"
     "Order: {number}\n"
     "Total: {total}\n"},
    {"order_placed", "de", "Ihre Bestellung {number} bei {shop}",
     "Guten Tag,\n"
     "\n"
     "vielen Dank für Ihre Bestellung bei {shop}.\n"
     "\n"
     "Bestellung: {number}\n"
     "Summe: {total}\n"},
};
const size_t mx_mail_texts_n = MX_LEN(mx_mail_texts);
