import type { HelpTexts } from './kk.ts';

export const helpEn: HelpTexts = {
  title: 'Help',
  lead: 'Choose your question. Each page answers one question, and you can print it.',
  all: 'All questions',
  steps: 'Steps',
  picture: 'The page: {screen}. Marked: {press}.',
  memo: {
    title: 'Guide for the service recipient',
    open: 'Open the guide as one document (PDF)',
    what: 'What you can change',
    when: 'When the service is available',
    except: 'It may be interrupted during maintenance.',
    accounts: 'The name, number and notification method of each account are filled in automatically.',
  },
  groups: {
    signIn: 'Signing in',
    change: 'Changing your details',
    safety: 'Security',
    special: 'Special cases',
  },
  topics: {
    password: {
      question: 'How do I sign in with a password?',
      answer: 'Enter your IIN and password. The IIN is the 12 digits on your identity document.',
      steps: {
        iin: 'Enter the 12 digits in the field “{signIn.iin}”.',
        submit: 'Enter your password and press “{signIn.submit}”.',
      },
      note: 'If you cannot sign in, recover your password or call 1418.',
    },
    key: {
      question: 'How do I sign in with an EDS key?',
      answer:
        'An EDS key is your electronic signature. It is a file on your computer or a USB stick. Its name begins with GOST or AUTH_RSA. NCALayer must be running on the computer.',
      steps: {
        'eds-way': 'On the sign-in page, press “{eds.way}”.',
        'eds-install': 'If you have no NCALayer, install it from this link and start it.',
        'eds-choose': 'Press “{eds.choose}”. In the NCALayer window, choose your key and enter its password.',
      },
      note: 'Neither the key nor its password leaves your computer. Public service centres issue keys.',
    },
    'key-browser': {
      question: 'I have a key, but the browser does not find NCALayer. What can I do?',
      answer: 'This happens often. First check that NCALayer is running. Then allow the browser to reach it.',
      steps: {
        'eds-choose': 'Press “{eds.choose}” again.',
        'eds-trust':
          'If the browser asks about the local network, allow it. If that does not help, open “{eds.trust.title}”.',
      },
      note: 'If it still fails, close the browser and NCALayer and open them again. Try another browser, too.',
    },
    'key-firefox': {
      question: 'I cannot sign in with a key in Firefox. What can I do?',
      answer:
        'Firefox does not use the certificates of the computer. Add the RSA root certificate of the National Certification Authority to it once. The certificate is at pki.gov.kz.',
      steps: {
        'eds-trust': 'Open “{eds.trust.title}”, and open the address shown there in Firefox.',
        'eds-choose': 'Add the certificate in the Firefox settings. Then press “{eds.choose}” again.',
      },
      note: 'The way in the settings: “Privacy & Security”, “View Certificates”, “Authorities”, “Import”. Chrome or Edge may be easier.',
    },
    phone: {
      question: 'How do I sign in with eGov Mobile?',
      answer:
        'You need the app eGov Mobile on your phone, and an EDS key in it. You need no computer and no NCALayer.',
      steps: {
        'phone-way': 'On the sign-in page, press “{phone.way}”.',
        'phone-begin':
          'Press “{phone.begin}”. Scan the QR code with the app, or press the link “{phone.openApp}”.',
        'phone-digits': 'Compare the number in the app, and sign. If you are asked, enter the six digits.',
      },
      note: 'Scan the QR code only from this site. Do not sign a code that somebody sent you.',
    },
    'first-time': {
      question: 'I am here for the first time. Where do I begin?',
      answer: 'Register once to choose a password. The fund must have your mobile number or email address.',
      steps: {
        register: 'On the sign-in page, press “{signIn.register}”.',
        'register-form':
          'Enter your IIN and your phone number or email address. Press “{accountRequest.submit}”.',
        'register-code': 'Enter the code you received in the field “{accountRequest.code}”.',
        'register-password': 'Enter the new password twice and press “{newPassword.save}”.',
      },
      note: 'If no code arrives, the fund may have another number. Sign in with EDS or visit a UAPF office with your identity document.',
    },
    'forgotten-password': {
      question: 'I forgot my password. What can I do?',
      answer: 'You choose a new password. To do so, you receive a code by phone or email.',
      steps: {
        forgot: 'Press the link “{signIn.forgot}”.',
        'recover-form':
          'Enter your IIN and your phone number or email address. Press “{accountRequest.submit}”.',
        'recover-code': 'Enter the code you received in the field “{accountRequest.code}”.',
        'recover-password': 'Enter the new password twice and press “{newPassword.save}”.',
      },
      note: 'For some time after that, you cannot change your mobile number and email address. This protects you from fraud.',
    },
    address: {
      question: 'How do I change my address?',
      answer: 'Write the address in Cyrillic letters or choose it from the list. You need no code.',
      steps: {
        change: 'Sign in and press “{services.change}”.',
        'address-list':
          'Begin to write in the field “{requisites.address}” and choose your line from the list.',
        save: 'Check the apartment and the postal index, and press “{requisites.save}”.',
      },
      note: 'If the list does not have your place, write the whole address yourself.',
    },
    phones: {
      question: 'How do I change my phone number?',
      answer:
        'Home and contact phones are saved at once. A mobile number needs two codes: one to the new number, one to the previous.',
      steps: {
        change: 'Sign in and press “{services.change}”.',
        mobile: 'Write the new number in the field “{requisites.mobilePhone}”.',
        save: 'Press “{requisites.save}”.',
        'new-code': 'Enter the code sent to the new number, and then the second code.',
      },
      note: 'The number must be yours and from Kazakhstan, because you recover your password with it.',
    },
    email: {
      question: 'How do I change my email address?',
      answer: 'You need two codes: one is sent to the new email address, one to the previous number.',
      steps: {
        change: 'Sign in and press “{services.change}”.',
        email: 'Write the new address in the field “{requisites.email}”.',
        save: 'Press “{requisites.save}”.',
        'new-email-code': 'Enter the code from the email, and then the second code.',
      },
      note: 'If there is no email, look in your “Spam” folder.',
    },
    confirmation: {
      question: 'What is a confirmation, and why is it needed?',
      answer:
        'A password is recovered by phone or email. So only you may change them. One code shows that the new number is yours. The second code shows that you requested the change.',
      steps: {
        'new-code': 'Enter the code from the new number in the field “{confirm.newMobileCode}”.',
        'current-code':
          'Enter the second code in the field “{confirm.currentCode}” and press “{confirm.submit}”.',
      },
      note: 'Without a confirmation, your previous details stay. If you sign the change with EDS, you need no codes.',
    },
    receipt: {
      question: 'What is a receipt, and how do I check it?',
      answer:
        'A receipt shows that a change was saved. It has a number, a time, the previous and the new values.',
      steps: {
        'receipt-pdf': 'To keep the receipt, press “{receipt.pdf}”.',
        history: 'To find it later, open “{layout.history}”.',
        'history-changes': 'Choose the receipt in the list “{history.parts.changes}” and compare its number.',
      },
      note: 'If the number is the same, compare the values, too. If you have a question, call 1418 and say the receipt number.',
    },
    'second-step': {
      question: 'What is the second step of signing in?',
      answer:
        'After the password, you enter one more code. Someone who knows your password still cannot sign in.',
      steps: {
        security: 'In the cabinet, open “{layout.security}”.',
        'add-app': 'Press the link “{security.authenticatorChange}” and follow the instructions.',
        'step-code': 'When you next sign in, enter the code from the app and press “{step.submit}”.',
      },
      note: 'Create backup codes and write them on paper. You sign in with them if you lose your phone.',
    },
    message: {
      question: 'Is this message from the fund?',
      answer:
        'Anybody can send an SMS or an email in the name of the fund. A message of the cabinet ends with six letters, by which you can compare it.',
      steps: {
        letters: 'Enter these letters in “{letters.field}” and press “{letters.submit}”.',
        'letters-compare':
          'Read what is under “{letters.compare}”, and compare it with your message word for word.',
      },
      note: 'The fund never asks for codes or passwords by phone. Do not open links in a message that you do not trust, and call 1418.',
    },
    'not-me': {
      question: 'A notice arrived, but it wasn’t me. What can I do?',
      answer: 'Open the link in the notice. One button ends all sessions and blocks contact changes.',
      steps: {
        'not-me': 'Press “{notMe.submit}”.',
      },
      note: 'Then call 1418. To lift the block, sign in with EDS or visit a UAPF office with your identity document.',
    },
    lock: {
      question: 'I lost my phone, or someone knows my password. How do I lock the cabinet?',
      answer: 'Nobody can sign in to a locked cabinet with a password. Nothing is deleted.',
      steps: {
        security: 'In the cabinet, open “{layout.security}”.',
        'security-lock': 'Press the link “{security.lock}”.',
        lock: 'Read what happens, and press “{lock.submit}”.',
      },
      note: 'If you cannot sign in, call 1418. To unlock it, sign in with EDS or visit a UAPF office with your identity document.',
    },
    'no-computer': {
      question: 'I have no computer, only a phone. Is that enough?',
      answer:
        'Yes. The cabinet opens in the browser of your phone. Sign in with your password to change anything.',
      steps: {
        iin: 'Enter the 12 digits in the field “{signIn.iin}”.',
        submit: 'Enter your password and press “{signIn.submit}”.',
      },
      note: 'If your EDS key is in the phone, you can sign in with eGov Mobile, too. A key in a file needs a computer.',
    },
    'no-smartphone': {
      question: 'I have no smartphone. Can I do without one?',
      answer: 'Yes. A simple phone receives the code by SMS. You can open the cabinet on any computer.',
      steps: {
        submit: 'Enter your IIN and password, and press “{signIn.submit}”.',
        'sign-out': 'If the computer is not yours, press “{layout.signOut}” at the end.',
      },
      note: 'If you have no internet at all, visit a UAPF office with your identity document.',
    },
    abroad: {
      question: 'I am abroad. Can I use the cabinet?',
      answer:
        'Yes, the cabinet opens in any country. But the mobile number must be from Kazakhstan. An SMS may be late when you are roaming.',
      steps: {
        'recover-form':
          'If you need a password, enter your email address in place of a phone: the code arrives by email.',
        'eds-way': 'If you have an EDS key, press “{eds.way}”: then you need no SMS.',
      },
      note: 'All times are those of Astana. If you have a question, write on WhatsApp: +7 777 000 1418.',
    },
    'old-number': {
      question: 'I no longer have my previous number, but the code goes there. What can I do?',
      answer: 'Use the email address that the fund has. If there is none, an EDS key helps.',
      steps: {
        'recover-form': 'Enter your email address in place of a phone.',
        'eds-sign':
          'If you signed in with EDS, write the new number and press “{eds.signChoice}”: you need no code.',
      },
      note: 'If you have neither, visit a UAPF office with your identity document. They change the number there.',
    },
    'lost-key': {
      question: 'I lost my EDS key. What can I do?',
      answer:
        'Revoke the lost key at once, at pki.gov.kz or in a public service centre. After that, it is not valid.',
      steps: {
        submit: 'You can still sign in with your password: press “{signIn.submit}”.',
        history: 'Check in “{layout.history}” that nothing was changed without you.',
      },
      note: 'If you see a change that you did not make, call 1418. You can use a new key at once.',
    },
    'for-another': {
      question: 'Can I do this for somebody else? For example, for my mother.',
      answer:
        'Only the owner signs in to a cabinet. Do not give a password, a code or a key even to your family. You can sit beside a person and help: they enter everything themselves.',
      steps: {},
      note: 'If a person cannot do it, their representative visits a UAPF office. Call 1418 to learn which documents are needed.',
    },
    call: {
      question: 'Whom do I call?',
      answer:
        'The UAPF contact centre: 1418, from Kazakhstan. WhatsApp: +7 777 000 1418. If a page shows an error, say its request number.',
      steps: {},
      note: 'Fund staff never ask for your password or a code. If someone does, hang up and call 1418 yourself.',
    },
  },
};
